"""The plugins of ClaVis's documentation (getting_started.md, MIT licence): their code, without its comments.

`MNIST` and `RESHAPING` are of the kinds that it shows in parts, on the small digits of scikit-learn.
"""

IRIS = """\
from sklearn import datasets
import numpy as np


def get_info():
    return {
        'name': 'sklearn_iris',
        'description': 'ScikitLearn | Iris',
        'class_names': ['Iris Setosa', 'Iris Versicolor', 'Iris Virginica']
    }


def get_data(datasets_path):
    data = datasets.load_iris()
    return {
        'X_train': np.array(data.data),
        'y_train': np.array(data.target),
        'X_test': np.array([]),
        'y_test': np.array([]),
        'class_names': ['Iris Setosa', 'Iris Versicolor', 'Iris Virginica']
    }
"""

KNN = """\
from sklearn.neighbors import KNeighborsClassifier
from ...tools import check_argument as check

CLF_INFO = {
    'name': 'kneighbors',
    'short': 'KNN',
    'description': 'k Nearest Neighbors Classifier',
    'parameters': [
        {
            'name': 'n_neighbors',
            'description': 'Number of neighbors',
            'type': 'integer',
            'range': [1, 1000],
            'default_value': 5
        }
    ]
}


def get_clf(args, data_specs):
    return Classifier(args, data_specs)


def get_info():
    return CLF_INFO


class Classifier():
    def __init__(self, args, data_specs):
        n_neighbors = check('n_neighbors', args, CLF_INFO)
        self.clf = KNeighborsClassifier(n_neighbors=n_neighbors, n_jobs=-1)

    def get_info(self):
        return CLF_INFO

    def fit(self, X_train, y_train):
        return self.clf.fit(X_train, y_train)

    def predict(self, X_test, y_test):
        return self.clf.predict(X_test)

    def predict_proba(self, X_test, y_test):
        return self.clf.predict_proba(X_test)
"""

FOREST = """\
from sklearn.ensemble import RandomForestClassifier
from ...tools import check_argument as check

CLF_INFO = {
    'name': 'randomforest',
    'short': 'RF',
    'description': 'Random Forest',
    'parameters': [
        {
            'name': 'n_estimators',
            'description': 'Number of estimators',
            'type': 'integer',
            'range': [1, 1000],
            'default_value': 100
        },
    ]
}


def get_clf(args, data_specs):
    return Classifier(args, data_specs)


def get_info():
    return CLF_INFO


class Classifier():
    def __init__(self, args, data_specs):
        self.title = args['title']
        n_estimators = check('n_estimators', args, CLF_INFO)
        self.job_title = data_specs['job_title']
        self.dataset_name = data_specs['dataset_name']
        self.num_classes = data_specs['num_classes']
        self.clf = RandomForestClassifier(n_estimators=n_estimators)

    def get_info(self):
        return CLF_INFO

    def fit(self, X_train, y_train):
        return self.clf.fit(X_train, y_train)

    def predict(self, X_test, y_test):
        return self.clf.predict(X_test)

    def predict_proba(self, X_test, y_test):
        return self.clf.predict_proba(X_test)
"""

KERAS = """\
from keras.models import Sequential
from keras.layers import Dropout, Dense, Activation
from keras import optimizers
from ...tools import check_argument as check

CLF_INFO = {
    'name': 'mlpc_keras',
    'short': 'MLPC (k)',
    'description': 'Multi-layer Perceptron (Keras)',
    'parameters': [
        {
            'name': 'activation',
            'description': 'Activation function',
            'type': 'string',
            'range': ['relu', 'tanh', 'sigmoid', 'linear'],
            'default_value': 'relu'
        },
        {
            'name': 'optimizer',
            'description': 'Optimizer',
            'type': 'string',
            'range': ['sgd', 'adadelta', 'adam'],
            'default_value': 'adam'
        },
        {
            'name': 'learning_rate_init',
            'description': 'Initial learning rate',
            'type': 'float',
            'range': [0, 1],
            'default_value': 0.001
        },
        {
            'name': 'dropout',
            'description': 'Dropout',
            'type': 'float',
            'range': [0, 1],
            'default_value': 0.5
        },
        {
            'name': 'batch_size',
            'description': 'Batch size',
            'type': 'integer',
            'range': [1, 512],
            'default_value': 64
        },
        {
            'name': 'epochs',
            'description': 'Epochs',
            'type': 'integer',
            'range': [0, 10000],
            'default_value': 50
        },
        {
            'name': 'early_stopping',
            'description': 'Early stopping',
            'type': 'boolean',
            'default_value': False
        }
    ]
}


def get_clf(args, data_specs):
    return Classifier(args, data_specs)


def get_info():
    return CLF_INFO


class Classifier():
    def __init__(self, args, data_specs):
        self.optimizer = check('optimizer', args, CLF_INFO)
        self.activation = check('activation', args, CLF_INFO)
        self.learning_rate_init = check('learning_rate_init', args, CLF_INFO)
        self.dropout = check('dropout', args, CLF_INFO)
        self.batch_size = check('batch_size', args, CLF_INFO)
        self.epochs = check('epochs', args, CLF_INFO)
        self.early_stopping = check('early_stopping', args, CLF_INFO)
        self.title = args['title']
        self.job_title = data_specs['job_title']
        self.dataset_name = data_specs['dataset_name']
        self.num_classes = data_specs['num_classes']

    def get_info(self):
        return CLF_INFO

    def fit(self, X_train, y_train):
        if self.optimizer == 'sgd':
            opt = optimizers.SGD(lr=self.learning_rate_init)
        if self.optimizer == 'adadelta':
            opt = optimizers.Adadelta(lr=self.learning_rate_init)
        if self.optimizer == 'adam':
            opt = optimizers.Adam(lr=self.learning_rate_init)
        model = Sequential()
        model.add(Dense(self.hidden_layer_sizes[0],
                        activation=self.activation,
                        input_dim=X_train.shape[1]))
        model.add(Dropout(self.dropout))
        model.add(Dense(layer_size, activation=self.activation))
        model.add(Dropout(self.dropout))
        model.add(Dense(layer_size, activation=self.activation))
        model.add(Dropout(self.dropout))
        model.add(Dense(layer_size, activation=self.activation))
        model.add(Dropout(self.dropout))
        model.add(Dense(self.num_classes, activation='softmax'))
        model.compile(loss='sparse_categorical_crossentropy',
                      optimizer=opt,
                      metrics=['accuracy'])
        callbacks = None
        if self.early_stopping:
            early_stopping = EarlyStopping(monitor='val_loss',
                                           patience=10,
                                           restore_best_weights=True,
                                           verbose=2)
            callbacks = [early_stopping]
        self.clf = model
        self.history = model.fit(X_train,
                                 y_train,
                                 batch_size=self.batch_size,
                                 epochs=self.epochs,
                                 verbose=1,
                                 validation_split=0.2,
                                 callbacks=callbacks)

    def predict(self, X_test, y_test):
        return self.clf.predict_classes(X_test)

    def predict_proba(self, X_test, y_test):
        return self.clf.predict_proba(X_test)

    def get_history(self):
        return self.history.history
"""

COMPLETED_KERAS = KERAS.replace(
    "from keras import optimizers\n",
    "from keras import optimizers\nfrom keras.callbacks import EarlyStopping\n",
).replace(
    "        model = Sequential()\n",
    "        layer_size = 20\n        self.hidden_layer_sizes = [layer_size]\n        model = Sequential()\n",
)
"""The page's Keras plugin with the three names defined that it uses undefined."""

MNIST = """\
import os
import numpy as np


def get_info():
    return {
        'name': 'keras_mnist',
        'description': 'Keras | MNIST',
        'class_names': [str(i) for i in range(10)]
    }


def get_data(datasets_path):
    with np.load(os.path.join(datasets_path, 'keras_mnist', 'digits.npz')) as digits:
        (X_train, y_train) = (digits['X_train'], digits['y_train'])
        (X_test, y_test) = (digits['X_test'], digits['y_test'])

    X_train = X_train.astype('float32')
    X_test = X_test.astype('float32')

    original_shape = X_train.shape

    X_train = X_train.reshape(len(X_train), 64)
    X_test = X_test.reshape(len(X_test), 64)

    return {
        'X_train': X_train,
        'y_train': y_train,
        'X_test': X_test,
        'y_test': y_test,
        'class_names': [str(i) for i in range(10)],
        'specs': {
            'original_shape': original_shape
        }
    }
"""

RESHAPING = """\
import os
from sklearn.linear_model import LogisticRegression
from ...tools import check_argument as check

CLF_INFO = {
    'name': 'reshaping',
    'short': 'R',
    'description': 'Means of rows of an image',
    'parameters': [
        {
            'name': 'save_model',
            'description': 'Save the model',
            'type': 'boolean',
            'default_value': False
        }
    ]
}


def get_clf(args, data_specs):
    return Classifier(args, data_specs)


def get_info():
    return CLF_INFO


class Classifier():
    def __init__(self, args, data_specs):
        self.title = args['title']
        self.job_title = data_specs['job_title']
        self.original_shape = data_specs['original_shape']
        self.save_model = check('save_model', args, CLF_INFO)

    def rows(self, X):
        new_shape = (len(X),) + self.original_shape[1:]
        print(f'Reshaping to {new_shape}')
        X = X.reshape(new_shape)
        X /= 16
        return X.mean(axis=2)

    def fit(self, X_train, y_train):
        self.clf = LogisticRegression(max_iter=2000).fit(self.rows(X_train), y_train)
        if self.save_model:
            save_dir = os.path.join(os.getcwd(),
                                    'saved_models',
                                    self.job_title)
            if not os.path.isdir(save_dir):
                os.makedirs(save_dir)
            model_path = os.path.join(save_dir, f'{self.title}.txt')
            with open(model_path, 'w') as file:
                file.write(str(self.clf.coef_))
            print(f'Saved trained model at {model_path}')

    def predict(self, X_test, y_test):
        return self.clf.predict(self.rows(X_test))

    def predict_proba(self, X_test, y_test):
        return self.clf.predict_proba(self.rows(X_test))
"""
